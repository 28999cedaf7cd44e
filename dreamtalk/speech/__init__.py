"""What is heard: sound, the speech encoder, phones, transcripts."""
