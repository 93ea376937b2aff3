"""What runs over several transactions: log-ins, receiving media and batches. Above `store`."""
