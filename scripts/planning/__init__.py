"""What a study will take: time, money, room on the disk."""
