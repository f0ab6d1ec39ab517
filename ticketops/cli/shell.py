"""`ticketops shell`."""
import typer
from ticketops.cli.session import Session, command
app = typer.Typer(rich_markup_mode=None, add_completion=False)
@command(app, "shell")
def shell(session: Session) -> int:
    """Run commands at a prompt."""
    return 0
