"""`announce doctor`: everything that somebody who helps would ask, each line well or with its remedy.

People paste it into public issues: no secret, no title, name or datetime of a post to come stands in it, and no path
outside of the project's folder.
"""
