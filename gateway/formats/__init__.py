"""What other softphones read: QR payloads, links, XML. Pure functions."""
