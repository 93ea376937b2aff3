"""What runs over several transactions: receiving media and batches. Above `store`."""
