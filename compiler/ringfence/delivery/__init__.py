"""Records of those who are no OPA: how they are judged, sent to a collector, and appended."""
