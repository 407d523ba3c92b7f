/** Things in the order they happened, and a way to wait for one. */
export class Journal<T> {
  readonly items: T[] = [];
  #waiting = new Set<(item: T) => void>();
  #read = 0;

  add(item: T): void {
    this.items.push(item);
    for (const look of [...this.#waiting]) look(item);
  }

  /** The first item that fits, past or to come. */
  find(fits: (item: T) => boolean): Promise<T> {
    const found = this.items.find(fits);
    if (found !== undefined) return Promise.resolve(found);
    return this.#wait((item) => (fits(item) ? item : undefined));
  }

  /** The first `n` items, once there are so many. */
  async first(n: number): Promise<T[]> {
    if (this.items.length < n) await this.#wait(() => this.items[n - 1]);
    return this.items.slice(0, n);
  }

  /** The next item that `next` has not given yet. */
  async next(): Promise<T> {
    const index = this.#read;
    this.#read += 1;
    return this.items[index] ?? this.#wait(() => this.items[index]);
  }

  #wait<R>(look: (item: T) => R | undefined): Promise<R> {
    return new Promise((resolve) => {
      const check = (item: T) => {
        const found = look(item);
        if (found === undefined) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
    });
  }
}
