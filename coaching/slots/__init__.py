"""What a coach offers: publishing, moving and withdrawing slots of two hours."""
