"""How a market looks from outside: figures of its log beside those of public logs, and two cascades compared on it."""
