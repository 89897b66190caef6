// raftctl from its sources, without a build: node --conditions=raft-source --import tsx bin/dev.js

import { execute } from '@oclif/core'
import { pjson, root, sourcePlugin } from './sources.js'

await execute({ loadOptions: { root, pjson, plugins: [await sourcePlugin()] } })
