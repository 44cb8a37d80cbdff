import type { PeopleListView, TileView } from '../../../src/bridge/backend';

/** The list of people as the core makes it of `everybody`: this window of it. */
export function peopleList(
  everybody: readonly TileView[],
  { query = '', first = 0, count = 120 } = {},
): PeopleListView {
  const wanted = query.trim().toLowerCase();
  const found = everybody.filter((one) => one.name.toLowerCase().includes(wanted));
  const hands = found.filter((one) => one.hand !== null).sort((a, b) => (a.hand ?? 0) - (b.hand ?? 0));
  const leads = found.filter((one) => one.role !== 'viewer');
  const watching = found.filter((one) => one.role === 'viewer');
  return {
    query,
    total: everybody.length,
    hands: hands.length,
    leads: leads.length,
    watching: watching.length,
    watchingActive:
      everybody.length > 200 ? null : watching.filter((one) => one.presence === 'active').length,
    unnamed: 0,
    first,
    rows: [...hands, ...leads, ...watching].slice(first, first + count),
  };
}
