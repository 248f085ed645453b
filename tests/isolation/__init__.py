"""One tenant never meets another: what shows it by taking the filters of the store away."""
