/** The text of a location message: the name of the place, if it has one, and where it is. */
export function placeText(latitude: number, longitude: number, name: string | null): string {
  const link = `https://maps.google.com/?q=${latitude},${longitude}`;
  return name ? `${name}\n${link}` : link;
}
