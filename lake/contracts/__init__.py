"""What a table, a column and a product are: plain data, standard library only.

Nothing enters at run time; every other room reads the declarations in `tables/` and `products.py`.
Read `model.py` first: it is the whole vocabulary.
"""
