"""The site: the lessons as pages to look at first, made from the notebooks and nothing else."""
