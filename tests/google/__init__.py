"""A local server that speaks the part of Google's Sheets and Drive API that tests need."""
