import { nextTick, type Ref, watch } from "vue";

/** Closer to the newest end than this counts as being there, in pixels. */
const NEAR = 60;

interface Steady {
  box: Ref<HTMLElement | undefined>;
  /** Set to whether the newest is in view. */
  atEnd: Ref<boolean>;
  /** Changes whenever the content does; its elements carry `data-key`. */
  what: () => unknown;
}

/**
 * Keeps the reader's place in a box that is laid out from its end (`column-reverse`, so that 0 is
 * the newest): at the end it follows what comes, elsewhere what is being read stays where it is.
 */
export function useSteadyScroll({ box, atEnd, what }: Steady) {
  function onScroll(): void {
    if (box.value) atEnd.value = box.value.scrollTop > -NEAR;
  }

  function firstInView(): { element: Element; top: number } | null {
    const frame = box.value?.getBoundingClientRect();
    for (const element of box.value?.querySelectorAll("[data-key]") ?? []) {
      const { top, bottom } = element.getBoundingClientRect();
      if (frame && bottom > frame.top) return { element, top };
    }
    return null;
  }

  watch(what, async () => {
    const place = atEnd.value ? null : firstInView();
    await nextTick();
    if (!place?.element.isConnected || !box.value) return;
    box.value.scrollTop += place.element.getBoundingClientRect().top - place.top;
  });

  const toEnd = () => box.value?.scrollTo({ top: 0 });
  return { onScroll, toEnd };
}
