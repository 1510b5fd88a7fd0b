"""What people are told: the news under the bell, and which mails they want."""
