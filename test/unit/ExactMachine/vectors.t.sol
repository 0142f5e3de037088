// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MachineFixture} from "./MachineFixture.sol";

/// @notice The vectors that interpreter and ONNX Runtime are held to as well.
contract ExactMachineVectorsTest is MachineFixture {
    string private json = vm.readFile("test/fixtures/exactVectors.json");

    function test_evaluatesEveryVector() public {
        for (uint256 i; _has(_at(".vectors", i)); ++i) {
            string memory path = _at(".vectors", i);
            bytes32 root = _store(path);
            uint256 count;
            for (; _has(_at(_key(path, "cases"), count)); ++count) {
                string memory item = _at(_key(path, "cases"), count);
                bytes memory output = machine.evaluate(root, _bytes(item, "input"));
                assertEq(output, _bytes(item, "output"), item);
            }
            assertEq(count, 3, path);
        }
    }

    function test_stopsAndGoesOnAtEveryCheckpoint() public {
        uint256 points;
        for (uint256 i; _has(_at(".vectors", i)); ++i) {
            bytes32 root = _store(_at(".vectors", i));
            for (uint256 j; _has(_at(_key(_at(".vectors", i), "cases"), j)); ++j)
                points += _resume(root, _at(_key(_at(".vectors", i), "cases"), j));
        }
        assertGt(points, 50);
    }

    /// @dev From the input and from each checkpoint one step to the next, and all the rest to the output.
    function _resume(bytes32 root, string memory item) private view returns (uint256 points) {
        bytes memory output = _bytes(item, "output");
        bytes memory state = _bytes(item, "input");
        uint256 end = machine.programBytesOf(root);
        for (uint256 pc; pc != end; ++points) {
            (uint256 last, bytes memory rest) = machine.run(root, pc, state, 0);
            assertEq(last, end, item);
            assertEq(rest, output, item);
            (pc, state) = machine.run(root, pc, state, type(uint256).max);
            string memory checkpoint = _at(_key(item, "checkpoints"), points);
            assertEq(pc, _has(checkpoint) ? vm.parseJsonUint(json, _key(checkpoint, "pc")) : end, item);
            assertEq(state, _has(checkpoint) ? _bytes(checkpoint, "state") : output, item);
        }
    }

    function _store(string memory path) private returns (bytes32 root) {
        string memory list = _key(path, "blobs");
        for (uint256 i; _has(_at(list, i)); ++i) root = store.put(vm.parseJsonBytes(json, _at(list, i)));
        assertEq(root, vm.parseJsonBytes32(json, _key(path, "graphRoot")), path);
        assertTrue(machine.isReady(root), path);
    }

    function _bytes(string memory path, string memory name) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, _key(path, name));
    }

    function _has(string memory path) private view returns (bool) {
        return vm.keyExistsJson(json, path);
    }

    function _at(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }

    function _key(string memory path, string memory name) private pure returns (string memory) {
        return string.concat(path, ".", name);
    }
}
