#Requires -Version 5.1
#Requires -RunAsAdministrator

<#
.SYNOPSIS
    Makes the outbound rule of Entra Connect that lets the people of a connector be converted to external users.

.DESCRIPTION
    Run it on the Entra Connect server that writes into the partner's tenant. The rule (person to user) flows

        onPremisesUserPrincipalName   AuthoritativeNull   (expression)
        msExchRecipientDisplayType    6                   (constant)
        msExchRecipientTypeDetails    128                 (constant)

    It is found by its name and connector, and changed only where something differs. While it is changed the scheduler is
    off, and afterwards as it was. No cycle is started: what the rule does to people who are synchronized already comes
    with the next full synchronization, which you start yourself.

    Begin with -WhatIf, and with -OnlyAttribute and -OnlyValue for one person.

.PARAMETER Connector
    The name of the Entra connector, as Get-ADSyncConnector shows it. Needed where there are several.

.PARAMETER Name
    The rule's name.

.PARAMETER Precedence
    The rule's precedence: 1 to 99, a number that no other rule has. The lowest number decides.

.PARAMETER OnlyAttribute
    Only people whose metaverse attribute of this name has the value of -OnlyValue, such as extensionAttribute15.

.PARAMETER OnlyValue
    That value.

.PARAMETER Remove
    Removes the rule.

.PARAMETER Export
    A file: all rules are written to it, for `usher doctor --sync-rules FILE`; with -WhatIf too.

.EXAMPLE
    .\ConversionRule.ps1 -WhatIf

    Shows what would be changed, and changes nothing.

.EXAMPLE
    .\ConversionRule.ps1 -OnlyAttribute extensionAttribute15 -OnlyValue pilot -Export rules.json

    Makes the rule for the people marked so, and writes all rules to a file.

.EXAMPLE
    .\ConversionRule.ps1 -Remove

    Removes the rule.
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'Medium', DefaultParameterSetName = 'Make')]
param(
    [string] $Connector,

    [ValidateNotNullOrEmpty()]
    [string] $Name = 'Out to Entra - conversion to external users',

    [Parameter(ParameterSetName = 'Make')]
    [ValidateRange(1, 99)]
    [int] $Precedence = 90,

    [Parameter(ParameterSetName = 'Make')]
    [string] $OnlyAttribute,

    [Parameter(ParameterSetName = 'Make')]
    [string] $OnlyValue,

    [Parameter(Mandatory, ParameterSetName = 'Remove')]
    [switch] $Remove,

    [string] $Export
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if ([bool] $OnlyAttribute -ne [bool] $OnlyValue) {
    throw '-OnlyAttribute and -OnlyValue belong together: name both, or neither.'
}

try {
    Import-Module ADSync
}
catch {
    throw "The module ADSync is not here. Run this on the Entra Connect server, in Windows PowerShell. ($($_.Exception.Message))"
}

# What the rule flows: destination, kind, and value.
$flows = @(
    @{ Destination = 'onPremisesUserPrincipalName'; FlowType = 'Expression'; Value = 'AuthoritativeNull' }
    @{ Destination = 'msExchRecipientDisplayType'; FlowType = 'Constant'; Value = '6' }
    @{ Destination = 'msExchRecipientTypeDetails'; FlowType = 'Constant'; Value = '128' }
)

# Whom it is for: users that come from the directory on premises.
$conditions = @(
    @{ Attribute = 'sourceObjectType'; Value = 'User'; Operator = 'EQUAL' }
    @{ Attribute = 'cloudMastered'; Value = 'true'; Operator = 'NOTEQUAL' }
)
if ($OnlyAttribute) {
    $conditions += @{ Attribute = $OnlyAttribute; Value = $OnlyValue; Operator = 'EQUAL' }
}

function Find-EntraConnector {
    # The connectors of Entra; those of the directory on premises are of type AD.
    $all = @(Get-ADSyncConnector | Where-Object { "$($_.Type)" -eq 'Extensible2' })
    $found = @($all | Where-Object { -not $Connector -or $_.Name -eq $Connector })
    if ($found.Count -eq 1) {
        return $found[0]
    }
    $names = @($all | ForEach-Object { $_.Name }) -join '; '
    throw "$($found.Count) Entra connectors are meant, and it must be one. Name it with -Connector. There are: $names"
}

# What a rule says, in lines that can be compared and shown.
function Get-RuleText($Rule) {
    $lines = @("precedence $($Rule.Precedence)", "disabled $([bool] $Rule.Disabled)")
    foreach ($flow in @($Rule.AttributeFlowMappings | Where-Object { $_ })) {
        $value = if ("$($flow.FlowType)" -eq 'Expression') { $flow.Expression } else { @($flow.Source) -join ',' }
        $lines += "flow $($flow.FlowType) $value to $($flow.Destination)"
    }
    foreach ($group in @($Rule.ScopeFilter | Where-Object { $_ })) {
        $parts = foreach ($one in @($group.ScopeConditionList)) {
            "$($one.Attribute) $($one.ComparisonOperator) $($one.ComparisonValue)"
        }
        $lines += "for $(@($parts | Sort-Object) -join ' and ')"
    }
    return @($lines | Sort-Object)
}

function Get-WantedText {
    $lines = @("precedence $Precedence", 'disabled False')
    foreach ($flow in $flows) {
        $lines += "flow $($flow.FlowType) $($flow.Value) to $($flow.Destination)"
    }
    $parts = foreach ($one in $conditions) { "$($one.Attribute) $($one.Operator) $($one.Value)" }
    $lines += "for $(@($parts | Sort-Object) -join ' and ')"
    return @($lines | Sort-Object)
}

# Makes the rule, or another in its place with the same identifier.
function Write-Rule([guid] $Identifier, $To) {
    $rule = @(New-ADSyncRule -Name $Name -Identifier $Identifier `
            -Description 'Lets people be converted to external users.' -Direction 'Outbound' -Precedence $Precedence `
            -SourceObjectType 'person' -TargetObjectType 'user' -Connector $To.Identifier -LinkType 'Join')[0]
    foreach ($flow in $flows) {
        $what = @{ SynchronizationRule = $rule; Destination = $flow.Destination; FlowType = $flow.FlowType }
        $what[$(if ($flow.FlowType -eq 'Expression') { 'Expression' } else { 'Source' })] = $flow.Value
        $rule = @(Add-ADSyncAttributeFlowMapping @what -ValueMergeType 'Update')[0]
    }
    $scope = foreach ($one in $conditions) {
        New-Object -TypeName 'Microsoft.IdentityManagement.PowerShell.ObjectModel.ScopeCondition' `
            -ArgumentList $one.Attribute, $one.Value, $one.Operator
    }
    $rule = @(Add-ADSyncScopeConditionGroup -SynchronizationRule $rule -ScopeConditions @($scope))[0]
    Add-ADSyncRule -SynchronizationRule $rule | Out-Null
}

# Does something while no cycle can begin.
function Invoke-WithoutScheduler([scriptblock] $Work) {
    $was = [bool] (Get-ADSyncScheduler).SyncCycleEnabled
    Set-ADSyncScheduler -SyncCycleEnabled $false
    try {
        if ((Get-ADSyncScheduler).SyncCycleInProgress) {
            throw 'A cycle is running. Wait until Get-ADSyncScheduler shows SyncCycleInProgress False, then run this again.'
        }
        & $Work
    }
    finally {
        Set-ADSyncScheduler -SyncCycleEnabled $was
        Write-Host "The scheduler is $(if ($was) { 'on' } else { 'off' }), as before."
    }
}

$entra = Find-EntraConnector
$rules = @(Get-ADSyncRule)
$ours = @($rules | Where-Object { $_.Name -eq $Name -and "$($_.Connector)" -eq "$($entra.Identifier)" })
if ($ours.Count -gt 1) {
    throw "$($ours.Count) rules of this connector are called '$Name'. Remove all but one in the Synchronization Rules Editor."
}
$target = "'$Name' of $($entra.Name)"

if ($Remove) {
    if ($ours.Count -eq 0) {
        Write-Host "There is no rule $target."
    }
    elseif ($PSCmdlet.ShouldProcess($target, 'Remove the rule')) {
        Invoke-WithoutScheduler { Remove-ADSyncRule -Identifier $ours[0].Identifier | Out-Null }
        Write-Host "Removed: $target."
    }
}
else {
    $others = @($rules | Where-Object { $_.Precedence -eq $Precedence -and $_.Name -ne $Name })
    if ($others.Count -gt 0) {
        throw "Precedence $Precedence is that of '$($others[0].Name)'. Choose another number: -Precedence."
    }
    $is = @(if ($ours.Count -eq 1) { Get-RuleText $ours[0] })
    $wanted = @(Get-WantedText)
    $difference = @(
        $wanted | Where-Object { $is -notcontains $_ } | ForEach-Object { "+ $_" }
        $is | Where-Object { $wanted -notcontains $_ } | ForEach-Object { "- $_" }
    )
    if ($difference.Count -eq 0) {
        Write-Host "Nothing to change: $target."
    }
    else {
        $difference | ForEach-Object { Write-Host "  $_" }
        if ($PSCmdlet.ShouldProcess($target, 'Make or change the rule')) {
            $identifier = if ($ours.Count -eq 1) { $ours[0].Identifier } else { [guid]::NewGuid() }
            Invoke-WithoutScheduler { Write-Rule -Identifier $identifier -To $entra }
            Write-Host "Done: $target."
            Write-Host 'It takes effect with a full synchronization: Start-ADSyncSyncCycle -PolicyType Initial'
        }
    }
}

if ($Export) {
    ConvertTo-Json -InputObject @(Get-ADSyncRule) -Depth 10 | Set-Content -LiteralPath $Export -Encoding UTF8 -WhatIf:$false
    Write-Host "All rules: $Export"
}
