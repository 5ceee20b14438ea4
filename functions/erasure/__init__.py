"""What is kept of one customer: given to them whole, or taken away."""
