"""Complaint text: masking at the door, segmentation, readings stored beside the text."""
