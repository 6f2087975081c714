"""A folder for each screen; `cockpit/pages.py` lists them."""
