"""What brings a message to its reader: e-mail, chat."""
