let playing: HTMLMediaElement | null = null;

/** Plays it, and pauses the one that played before. Rejects when it can't be played. */
export function playAlone(media: HTMLMediaElement): Promise<void> {
  if (playing !== media) playing?.pause();
  playing = media;
  return media.play();
}
