param right int
output o int = right
