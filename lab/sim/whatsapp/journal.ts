/** Things in the order they happened, and a way to wait for one. */
export class Journal<T> {
  readonly items: T[] = [];
  #waiting = new Set<() => void>();
  #read = 0;

  add(item: T): void {
    this.items.push(item);
    for (const check of [...this.#waiting]) check();
  }

  /** The first item that fits, past or to come. */
  find(fits: (item: T) => boolean): Promise<T> {
    return this.#until(() => this.items.find(fits));
  }

  /** The first `n` items, once there are so many. */
  first(n: number): Promise<T[]> {
    return this.#until(() => (this.items.length >= n ? this.items.slice(0, n) : undefined));
  }

  /** The next item that `next` has not given yet. */
  next(): Promise<T> {
    const index = this.#read;
    this.#read += 1;
    return this.#until(() => this.items[index]);
  }

  #until<R>(look: () => R | undefined): Promise<R> {
    const found = look();
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => {
      const check = () => {
        const now = look();
        if (now === undefined) return;
        this.#waiting.delete(check);
        resolve(now);
      };
      this.#waiting.add(check);
    });
  }
}
