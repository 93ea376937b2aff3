"""What is written inside a file about itself: Exif, XMP, IPTC and content credentials, read and never believed."""
