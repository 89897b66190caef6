import { expect, test } from 'vitest'
import { play } from '../conformance/transcript.ts'

/** Where the reference goes its own way in a corner that has nothing to do with Raft, the runner follows, and not the core. */
const corners: Readonly<Record<string, string>> = {
  'a snapshot of a node that has none is empty, and moves nothing': `
add-nodes 2 voters=(1,2) index=3
----
ok

add-nodes 1
----
ok

campaign 2
----
ok

stabilize 1 2
----
> 2 handling Ready
  Ready MustSync=true:
  Lead:0 State:StateCandidate
  HardState Term:1 Vote:2 Commit:3
  Messages:
  2->1 MsgVote Term:1 Log:1/3
> 1 receiving messages
  2->1 MsgVote Term:1 Log:1/3
> 1 handling Ready
  Ready MustSync=true:
  HardState Term:1 Vote:2 Commit:3
  Messages:
  1->2 MsgVoteResp Term:1 Log:0/0
> 2 receiving messages
  1->2 MsgVoteResp Term:1 Log:0/0
> 2 handling Ready
  Ready MustSync=true:
  Lead:2 State:StateLeader
  Entries:
  1/4 EntryNormal ""
  Messages:
  2->1 MsgApp Term:1 Log:1/3 Commit:3 Entries:[1/4 EntryNormal ""]
> 1 receiving messages
  2->1 MsgApp Term:1 Log:1/3 Commit:3 Entries:[1/4 EntryNormal ""]
> 1 handling Ready
  Ready MustSync=true:
  Lead:2 State:StateFollower
  Entries:
  1/4 EntryNormal ""
  Messages:
  1->2 MsgAppResp Term:1 Log:0/4
> 2 receiving messages
  1->2 MsgAppResp Term:1 Log:0/4
> 2 handling Ready
  Ready MustSync=false:
  HardState Term:1 Vote:2 Commit:4
  CommittedEntries:
  1/4 EntryNormal ""
  Messages:
  2->1 MsgApp Term:1 Log:1/4 Commit:4
> 1 receiving messages
  2->1 MsgApp Term:1 Log:1/4 Commit:4
> 1 handling Ready
  Ready MustSync=false:
  HardState Term:1 Vote:2 Commit:4
  CommittedEntries:
  1/4 EntryNormal ""
  Messages:
  1->2 MsgAppResp Term:1 Log:0/4
> 2 receiving messages
  1->2 MsgAppResp Term:1 Log:0/4

send-snapshot 3 1
----
3->1 MsgSnap Term:0 Log:0/0

deliver-msgs 1
----
3->1 MsgSnap Term:0 Log:0/0

process-ready 1
----
Ready MustSync=false:
Lead:3 State:StateFollower
Messages:
1->3 MsgAppResp Term:1 Log:0/4
`,
  'before the first term a snapshot counts as one of the term that the receiver is in': `
add-nodes 2 voters=(1,2) index=3
----
ok

send-snapshot 2 1
----
2->1 MsgSnap Term:0 Log:0/0
  Snapshot: Index:3 Term:1 ConfState:Voters:[1 2] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false

stabilize
----
> 1 receiving messages
  2->1 MsgSnap Term:0 Log:0/0
    Snapshot: Index:3 Term:1 ConfState:Voters:[1 2] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false
> 1 handling Ready
  Ready MustSync=false:
  Lead:2 State:StateFollower
  Messages:
  1->2 MsgAppResp Term:0 Log:0/3
> 2 receiving messages
  1->2 MsgAppResp Term:0 Log:0/3
`,
  'who asks for leadership itself sends under its own name, and such a message is never dropped': `
add-nodes 2 voters=(1,2) index=3
----
ok

campaign 1
----
ok

stabilize log-level=none
----
ok

transfer-leadership from=2 to=1
----
ok

process-ready 2
----
Ready MustSync=false:
Messages:
1->1 MsgTransferLeader Term:1 Log:0/0

deliver-msgs drop=(1)
----
no messages

deliver-msgs 1
----
1->1 MsgTransferLeader Term:1 Log:0/0
`,
  'what comes back to who asked for it, and cannot be taken there, is dropped aloud': `
add-nodes 3 voters=(1,2,3) index=3
----
ok

campaign 1
----
ok

stabilize log-level=none
----
ok

propose 2 x
----
ok

process-ready 2
----
Ready MustSync=false:
Messages:
2->1 MsgProp Term:0 Log:0/0 Entries:[0/0 EntryNormal "x"]

campaign 2
----
ok

stabilize 2 3 log-level=none
----
ok

deliver-msgs 1 type=MsgVote
----
2->1 MsgVote Term:2 Log:1/4

deliver-msgs 1 type=MsgApp
----
2->1 MsgApp Term:2 Log:1/4 Commit:4 Entries:[2/5 EntryNormal ""]

deliver-msgs 1 type=MsgProp
----
2->1 MsgProp Term:0 Log:0/0 Entries:[0/0 EntryNormal "x"]

process-ready 1
----
Ready MustSync=true:
Lead:2 State:StateFollower
HardState Term:2 Vote:2 Commit:4
Entries:
2/5 EntryNormal ""
Messages:
2->2 MsgProp Term:0 Log:0/0 Entries:[0/0 EntryNormal "x"]
1->2 MsgVoteResp Term:2 Log:0/0
1->2 MsgAppResp Term:2 Log:0/5

campaign 3
----
ok

process-ready 3
----
Ready MustSync=true:
Lead:0 State:StateCandidate
HardState Term:3 Vote:3 Commit:5
Messages:
3->1 MsgVote Term:3 Log:2/5
3->2 MsgVote Term:3 Log:2/5

deliver-msgs 2 type=MsgVote
----
3->2 MsgVote Term:3 Log:2/5

deliver-msgs 2 type=MsgProp
----
2->2 MsgProp Term:0 Log:0/0 Entries:[0/0 EntryNormal "x"]
raft proposal dropped
`,
  'a node hands out the last snapshot that it made, and not the one that it was sent': `
add-nodes 5 voters=(1,2,3,4,5) index=3
----
ok

campaign 1
----
ok

stabilize 1 2 3 log-level=none
----
ok

propose 1 a
----
ok

stabilize 1 2 3 log-level=none
----
ok

log-level none
----
ok

deliver-msgs drop=(4,5)
----
ok

log-level info
----
ok

send-snapshot 1 4
----
1->4 MsgSnap Term:1 Log:0/0
  Snapshot: Index:5 Term:1 ConfState:Voters:[1 2 3 4 5] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false

stabilize 4
----
> 4 receiving messages
  1->4 MsgSnap Term:1 Log:0/0
    Snapshot: Index:5 Term:1 ConfState:Voters:[1 2 3 4 5] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false
> 4 handling Ready
  Ready MustSync=true:
  Lead:1 State:StateFollower
  HardState Term:1 Commit:5
  Snapshot Index:5 Term:1 ConfState:Voters:[1 2 3 4 5] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false
  Messages:
  4->1 MsgAppResp Term:1 Log:0/5

campaign 4
----
ok

process-ready 4
----
Ready MustSync=true:
Lead:0 State:StateCandidate
HardState Term:2 Vote:4 Commit:5
Messages:
4->1 MsgVote Term:2 Log:1/5
4->2 MsgVote Term:2 Log:1/5
4->3 MsgVote Term:2 Log:1/5
4->5 MsgVote Term:2 Log:1/5

stabilize 2 3 log-level=none
----
ok

deliver-msgs 4
----
2->4 MsgVoteResp Term:2 Log:0/0
3->4 MsgVoteResp Term:2 Log:0/0

process-ready 4
----
Ready MustSync=true:
Lead:4 State:StateLeader
Entries:
2/6 EntryNormal ""
Messages:
4->1 MsgApp Term:2 Log:1/5 Commit:5 Entries:[2/6 EntryNormal ""]
4->2 MsgApp Term:2 Log:1/5 Commit:5 Entries:[2/6 EntryNormal ""]
4->3 MsgApp Term:2 Log:1/5 Commit:5 Entries:[2/6 EntryNormal ""]
4->5 MsgApp Term:2 Log:1/5 Commit:5 Entries:[2/6 EntryNormal ""]

deliver-msgs 5
----
4->5 MsgVote Term:2 Log:1/5
4->5 MsgApp Term:2 Log:1/5 Commit:5 Entries:[2/6 EntryNormal ""]

process-ready 5
----
Ready MustSync=true:
Lead:4 State:StateFollower
HardState Term:2 Vote:4 Commit:3
Messages:
5->4 MsgVoteResp Term:2 Log:0/0
5->4 MsgAppResp Term:2 Log:1/5 Rejected (Hint: 3)

deliver-msgs 4
----
5->4 MsgVoteResp Term:2 Log:0/0
5->4 MsgAppResp Term:2 Log:1/5 Rejected (Hint: 3)

process-ready 4
----
Ready MustSync=false:
Messages:
4->5 MsgSnap Term:2 Log:0/0
  Snapshot: Index:3 Term:1 ConfState:Voters:[1 2 3 4 5] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false
`,
}

test.for(Object.entries(corners))('%s', ([, transcript]) => {
  const mismatch = play(transcript)
  expect(mismatch?.actual, mismatch?.block.source.join('\n')).toEqual(mismatch?.expected)
})
