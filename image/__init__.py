"""What is done to the libraries of the image while it is built, and what they may be licensed under."""
