"""The register of fixed equipment: what stands in it, and the rows of its dated facts."""
