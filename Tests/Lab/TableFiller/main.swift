print("table-filler")
