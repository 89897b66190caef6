/** The command with which an operator lets a node in again whose folder was lost. Errors end with it. */
export function replaceCommand(name: string, address: string): string {
  return `raftctl node join --replace --id ${name} --raft ${address} --join <address of a member> <new folder>`
}
