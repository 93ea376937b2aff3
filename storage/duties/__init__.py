"""What waits for a person: how each line of the home page is counted, by nouns."""
