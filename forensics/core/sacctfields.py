"""Every column that sacct of Slurm 17.11 to 26.05 can be asked for (`sacct --helpformat`), in lower case."""

NAMES = frozenset(
    """
    account adminComment allocCPUs allocNodes allocTRES assocID aveCPU aveCPUFreq aveDiskRead aveDiskWrite
    avePages aveRSS aveVMSize blockID cluster comment constraints consumedEnergy consumedEnergyRaw container
    CPUTime CPUTimeRAW DBIndex derivedExitCode elapsed elapsedRaw eligible end exitCode extra failedNode flags
    GID group jobID jobIDRaw jobName layout licenses licensesAlloc maxDiskRead maxDiskReadNode maxDiskReadTask
    maxDiskWrite maxDiskWriteNode maxDiskWriteTask maxPages maxPagesNode maxPagesTask maxRSS maxRSSNode
    maxRSSTask maxVMSize maxVMSizeNode maxVMSizeTask MCSLabel minCPU minCPUNode minCPUTask NCPUs NNodes
    nodeList NTasks partition planned plannedCPU plannedCPURAW priority QOS QOSRAW QOSREQ reason reqCPUFreq
    reqCPUFreqGov reqCPUFreqMax reqCPUFreqMin reqCPUs reqMem reqNodes reqTRES reservation reservationId
    reserved resvCPU resvCPURAW restarts segment segmentSize SLUID start state stdErr stdIn stdOut submit
    submitLine suspended systemComment systemCPU timelimit timelimitRaw totalCPU TRESUsageInAve TRESUsageInMax
    TRESUsageInMaxNode TRESUsageInMaxTask TRESUsageInMin TRESUsageInMinNode TRESUsageInMinTask TRESUsageInTot
    TRESUsageOutAve TRESUsageOutMax TRESUsageOutMaxNode TRESUsageOutMaxTask TRESUsageOutMin
    TRESUsageOutMinNode TRESUsageOutMinTask TRESUsageOutTot UID user userCPU WCKey WCKeyID workDir allocGRES
    reqGRES
    """.lower().split()
)
"""Names as the header writes them, but for their case."""
OF_RUNNING_STEPS = frozenset(
    """
    allocTRES aveCPU aveCPUFreq aveDiskRead aveDiskWrite avePages aveRSS aveVMSize consumedEnergy consumedEnergyRaw
    jobID maxDiskRead maxDiskReadNode maxDiskReadTask maxDiskWrite maxDiskWriteNode maxDiskWriteTask maxPages
    maxPagesNode maxPagesTask maxRSS maxRSSNode maxRSSTask maxVMSize maxVMSizeNode maxVMSizeTask minCPU minCPUNode
    minCPUTask nodelist nTasks pids reqCPUFreq reqCPUFreqGov reqCPUFreqMax reqCPUFreqMin TRESUsageInAve
    TRESUsageInMax TRESUsageInMaxNode TRESUsageInMaxTask TRESUsageInMin TRESUsageInMinNode TRESUsageInMinTask
    TRESUsageInTot TRESUsageOutAve TRESUsageOutMax TRESUsageOutMaxNode TRESUsageOutMaxTask TRESUsageOutMin
    TRESUsageOutMinNode TRESUsageOutMinTask TRESUsageOutTot
    """.lower().split()
)
"""Columns of sstat, which looks at steps that run; most are sacct's too (`sstat --helpformat`)."""
