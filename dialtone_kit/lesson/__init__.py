"""What a notebook works with: the lesson, its questions, exercises and progress."""
