export type ThemeChoice = "light" | "dark" | "system";

const STORED = "al_theme";

/** What this browser was told to use; follows the system until then. */
export function storedTheme(): ThemeChoice {
  const value = localStorage.getItem(STORED);
  return value === "light" || value === "dark" ? value : "system";
}

export function storeTheme(choice: ThemeChoice): void {
  localStorage.setItem(STORED, choice);
}
