import { imported } from 'shared.bicep'

param unused string = '' // wants: parameter unused is not used
param place string = locatoin // wants: locatoin is not declared
param sku skus = az.deployment().name == 'a' ? imported : null
@allowed([smal]) // wants: smal is not declared
param size string

type skus = 'a' | 'b'
var alone = 1 // wants: variable alone is not used
// What an output is called is no declaration, and uses no parameter.
var output = size // wants: variable output is not used
var numbers = [for (number, i) in range(0, count): { key: number, '${prefix}${i}': sku }] // wants: count is not declared; wants: prefix is not declared
var good = filter(numbers, number => number.key == least || !numbers[index]) // wants: least is not declared; wants: index is not declared
var sums = map(numbers, (number, i) => number.key + i + place)

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = if (wanted) { // wants: wanted is not declared
  name: name // wants: name is not declared
  parent: other // wants: other is not declared
  scope: resourceGroup(group) // wants: group is not declared
  dependsOn: [
    first // wants: first is not declared
  ]

  resource blobs 'blobServices' existing = {
    name: 'default'
  }

  resource queues 'queueServices' existing = {
    name: blobs.name
  }
}

module inner 'a.bicep' = [for good in good: {
  name: good
  params: { blobs: account::blobs.id, tables: account::tables.id } // wants: tables is not declared
}]

output a string = nowhere.id // wants: nowhere is not declared
output output string = '${a} ${inner[0].name} ${sums}' // wants: a is not declared
output outside string = blobs.id // wants: blobs is not declared
output function string = resourceGroup // wants: resourceGroup is not declared
output loop int = number // wants: number is not declared
