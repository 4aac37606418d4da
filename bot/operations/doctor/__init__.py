"""`announce doctor`: what a helper would ask for; each line is well or has its remedy.

People paste it into public issues: no secret, no title, name or datetime of a post to come stands in it, and no path
outside of the project's folder.
"""
