"""The programs: the `dreamtalk` console script, its commands and the web page."""
