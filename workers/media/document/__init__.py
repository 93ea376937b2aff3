"""Documents: PDF, OFD, office formats and archives, gone through by their bytes; nothing in them is ever run.

A document is walked by readers of our own, which count every piece of work and follow nothing that leads outside;
PDFium draws the first page. An archive inside of an archive is a file whose checksum holds, and is not opened.
"""
