/**
 * The kernel's part in the states of a history: golden messages.
 *
 * `&forks=50` lists so many branches, a page of 20 checkpoints at a time; `&unread` cannot read the
 * list, `&empty` has none. `&outcome=1` is the second golden outcome of an action, `&outcome=-1` none.
 */

const id = (n) => `1f0e8c2a-7d5e-7${String(n).padStart(3, "0")}-8000-0123456789ab`;

function manyForks(page, count) {
  const [, loop, fork, , input] = page.items;
  const at = (n) => new Date(Date.UTC(2026, 0, 1, 10, 1, 5 * n)).toISOString();
  const items = Array.from({ length: count }, (_, back) => count - back).flatMap((n) => [
    { ...loop, checkpoint_id: id(2 * n + 1), branch: n + 1, created_at: at(2 * n + 1) },
    { ...fork, checkpoint_id: id(2 * n), branch: n + 1, created_at: at(2 * n) },
  ]);
  const branches = Array.from({ length: count }, (_, back) => ({
    ...page.branches[1],
    number: count - back + 1,
  }));
  return { items: [...items, input], branches: [...branches, page.branches[2]] };
}

export function pastAnswers(golden, query) {
  const said = (type) => golden.to_browser.filter((message) => message.type === type);
  const [page] = said("history");
  const details = said("checkpoint");
  const forks = Number(query.get("forks") ?? 0);
  const all =
    forks > 0 ? manyForks(page, forks) : query.has("empty") ? { items: [], branches: [] } : page;
  const size = forks > 0 ? 20 : 100;

  const listed = (before) => {
    const begin =
      before === null ? 0 : all.items.findIndex((one) => one.checkpoint_id === before) + 1;
    const items = all.items.slice(begin, begin + size);
    const branches = all.branches.filter(({ number }) =>
      items.some(({ branch }) => branch === number),
    );
    return { ...page, items, branches, more: begin + size < all.items.length };
  };
  const detail = (wanted) => {
    const source = all.items.find(({ checkpoint_id }) => checkpoint_id === wanted)?.source;
    const like =
      details.find((one) => one.checkpoint_id === wanted) ?? details[source === "loop" ? 1 : 0];
    return { ...like, checkpoint_id: wanted };
  };

  return ({ type, request, ...message }) => {
    if (type === "history" && query.has("unread")) {
      return { type: "failed", request, message: "The file runs.sqlite is not a database." };
    }
    if (type === "history") return { ...listed(message.before), request };
    if (type === "checkpoint") return { ...detail(message.checkpoint_id), request };
    if (type === "comparison") return { ...said("comparison")[0], request };
    if (type === "code") return { ...said("code")[0], request };
    if (type !== "go") return null;
    const outcome = said("outcome")[Number(query.get("outcome") ?? 0)];
    return outcome ? { ...outcome, request } : null;
  };
}
