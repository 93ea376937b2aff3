"""Stills: walked by their structure, then every picture in them decoded strictly."""
