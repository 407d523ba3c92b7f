import { nextTick, watch, type Ref } from "vue";

/** Gives the focus back, when a dialog closes, to what had it when the dialog opened. */
export function useFocusReturn(open: Readonly<Ref<boolean>>): void {
  let before: Element | null = null;
  watch(
    open,
    async (isOpen) => {
      if (isOpen) {
        before = document.activeElement;
        return;
      }
      await nextTick();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    },
    { flush: "sync" },
  );
}
