"""What the journeys are driven with: the server as a process, a broker, and clients of both."""
