"""The desk in a browser: ``detente web``."""
