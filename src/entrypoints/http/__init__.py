"""The HTTP edge: decodes, asks the bus, encodes. No rule of the product lives here."""
