"""What users do on a page: what they look at, click, put in the cart, buy, keep, and whether they come again."""
