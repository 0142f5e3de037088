// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IBlobStore} from "../../../contracts/interfaces/IBlobStore.sol";
import {IExactMachine} from "../../../contracts/interfaces/IExactMachine.sol";
import {ExactCommitment, IModelHub} from "../../../contracts/interfaces/IModelHub.sol";
import {ProofStatement} from "../../../contracts/interfaces/IProofVerifier.sol";
import {KeyOrigin} from "../../../contracts/types/KeyOrigin.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";

/// A key and proofs that a prover made (`scripts/zk/vectors.ts`), and a hub that says of releases whatever a test
/// wants.
abstract contract VectorFixture is Test {
    uint256 internal constant PRIME = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;
    uint256 internal constant ORDER = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    uint256 internal constant HEAD = 96;

    address internal hub = makeAddr("hub");
    string private json;

    IBlobStore internal store;
    bytes internal key;
    bytes32 internal graphRoot;
    bytes internal outside;
    ReleaseId internal release;

    constructor(string memory file) {
        json = vm.readFile(file);
    }

    function setUp() public virtual {
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        key = vm.parseJsonBytes(json, ".key");
        graphRoot = vm.parseJsonBytes32(json, ".graphRoot");
        outside = vm.parseJsonBytes(json, ".outside");
        store = IBlobStore(deployCode("contracts/exact/BlobStore.sol:BlobStore"));
        address machine = makeAddr("machine");
        vm.mockCall(hub, abi.encodeCall(IModelHub.MACHINE, ()), abi.encode(machine));
        vm.mockCall(machine, abi.encodeCall(IExactMachine.BLOB_STORE, ()), abi.encode(address(store)));
        (ProofStatement memory first, , ) = _proved(0);
        release = first.release;
    }

    /// What `release_` committed to; its key is stored.
    function _commit(ReleaseId release_, address zkVerifier, bytes memory blob, KeyOrigin origin) internal {
        _commit(release_, ExactCommitment(graphRoot, 1, zkVerifier, store.put(blob), origin));
    }

    function _commit(ReleaseId release_, ExactCommitment memory exact) internal {
        vm.mockCall(hub, abi.encodeCall(IModelHub.exactCommitmentOf, (release_)), abi.encode(exact));
    }

    /// @param index 0 = the first; 1 to 4 = the same but for operator, verifier, release, input with output
    function _proved(
        uint256 index
    ) internal view returns (ProofStatement memory statement, bytes memory proof, address place) {
        string memory path = string.concat(".statements[", vm.toString(index), "]");
        statement.release = ReleaseId.wrap(vm.parseJsonBytes32(json, string.concat(path, ".release")));
        statement.operatorId = uint32(vm.parseJsonUint(json, string.concat(path, ".operatorId")));
        statement.signer = address(this);
        statement.input = vm.parseJsonBytes(json, string.concat(path, ".input"));
        statement.output = vm.parseJsonBytes(json, string.concat(path, ".output"));
        proof = vm.parseJsonBytes(json, string.concat(path, ".proof"));
        place = vm.parseJsonAddress(json, string.concat(path, ".verifier"));
    }

    function _signals(uint256 index) internal view returns (uint256[] memory) {
        return vm.parseJsonUintArray(json, string.concat(".statements[", vm.toString(index), "].signals"));
    }

    function _wordAt(bytes memory data, uint256 place) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), place))
        }
    }

    /// A copy with other bytes in a place.
    function _patched(bytes memory data, uint256 place, bytes memory patch) internal pure returns (bytes memory copy) {
        copy = bytes.concat(data);
        for (uint256 i; i < patch.length; ++i) copy[place + i] = patch[i];
    }

    function _cut(bytes memory data, uint256 start, uint256 end) internal pure returns (bytes memory part) {
        part = new bytes(end - start);
        for (uint256 i; i < part.length; ++i) part[i] = data[start + i];
    }
}
