"""Who somebody is: registering, signing in and out, one's own profile, and acting as somebody else in a demo."""
