"""What the experiments on theorems share: averaged equations, and circuits that converge to them."""
