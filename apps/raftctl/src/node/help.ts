/** The commonest accident of the workshop, explained where people look for it. */
export const aboutWiped = `WIPED_MEMBER: an empty folder came under the id or address of a member, as after "rm -rf" of its data. What it had
promised to the others is gone, so it may not go on as the same member. "node join --replace" removes the old member and adds the new one
in its place.`
