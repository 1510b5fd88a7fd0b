"""The calls themselves: booking, moving, cancelling, and the feedback afterwards."""
