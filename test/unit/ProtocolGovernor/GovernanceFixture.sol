// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {IProtocolGovernor, VotingTerms} from "../../../contracts/interfaces/IProtocolGovernor.sol";
import {NetworkFixture} from "../support/NetworkFixture.sol";

/// One call to one target, as a proposal.
struct Proposal {
    address[] targets;
    uint256[] values;
    bytes[] calldatas;
    string description;
}

/// The network governed by its holders of OPG: the timelock is admin and governor, and nobody else either.
abstract contract GovernanceFixture is NetworkFixture {
    uint48 internal constant VOTING_DELAY = 1 days;
    uint32 internal constant VOTING_PERIOD = 5 days;
    uint48 internal constant VOTE_EXTENSION = 1 days;
    uint256 internal constant TIMELOCK_DELAY = 2 days;
    uint256 internal constant THRESHOLD = 1_000_000 ether;
    uint256 internal constant QUORUM_FLOOR = 10_000_000 ether;
    uint8 internal constant AGAINST = 0;
    uint8 internal constant FOR = 1;

    IGovernor internal dao;
    TimelockController internal timelock;
    IERC5805 internal votes;
    address internal proposer = makeAddr("proposer");
    address internal voter = makeAddr("voter");
    address internal whale = makeAddr("whale");
    address internal newTreasury = makeAddr("new treasury");
    uint256 private _now;

    function setUp() public virtual override {
        super.setUp();
        _now = block.timestamp;
        votes = IERC5805(address(opg));
        dao = _deployGovernor(address(opg), _votingTerms());
        timelock = TimelockController(payable(IGovernorTimelock(address(dao)).timelock()));
        vm.startPrank(admin);
        authority.grantRole(GOVERNOR, address(timelock), 0);
        authority.revokeRole(GOVERNOR, governor);
        authority.setRoleGuardian(GOVERNOR, GUARDIAN);
        authority.setGrantDelay(SLASHER, 8 days);
        authority.setTargetAdminDelay(address(operators), 8 days);
        authority.grantRole(0, address(timelock), 0);
        authority.renounceRole(0, admin);
        vm.stopPrank();
        _give(proposer, THRESHOLD);
        _give(voter, 50_000_000 ether);
        _pass(6 days);
    }

    function _deployGovernor(address token, VotingTerms memory terms) internal returns (IGovernor) {
        return IGovernor(deployCode("ProtocolGovernor.sol:ProtocolGovernor", abi.encode(token, terms)));
    }

    function _votingTerms() internal pure returns (VotingTerms memory) {
        return VotingTerms(VOTING_DELAY, VOTING_PERIOD, VOTE_EXTENSION, THRESHOLD, 4, QUORUM_FLOOR, TIMELOCK_DELAY);
    }

    /// `block.timestamp` is read once by a test that the compiler optimises; this is not.
    function _pass(uint256 duration) internal {
        _now += duration;
        vm.warp(_now);
    }

    function _time() internal view returns (uint256) {
        return _now;
    }

    /// OPG with its votes delegated to its holder.
    function _give(address holder, uint256 amount) internal {
        _fund(holder, amount);
        vm.prank(holder);
        votes.delegate(holder);
    }

    function _setTreasury(string memory description) internal view returns (Proposal memory) {
        return _call(address(requests), abi.encodeCall(IEscrow.setTreasury, (newTreasury)), description);
    }

    function _call(
        address target,
        bytes memory data,
        string memory description
    ) internal pure returns (Proposal memory proposal) {
        proposal = Proposal(new address[](1), new uint256[](1), new bytes[](1), description);
        (proposal.targets[0], proposal.calldatas[0]) = (target, data);
    }

    function _propose(address by, Proposal memory p) internal returns (uint256) {
        vm.prank(by);
        return dao.propose(p.targets, p.values, p.calldatas, p.description);
    }

    function _vote(address by, uint256 id, uint8 support) internal returns (uint256) {
        vm.prank(by);
        return dao.castVote(id, support);
    }

    function _queue(Proposal memory p) internal {
        dao.queue(p.targets, p.values, p.calldatas, keccak256(bytes(p.description)));
    }

    function _execute(address by, Proposal memory p) internal {
        vm.prank(by);
        dao.execute(p.targets, p.values, p.calldatas, keccak256(bytes(p.description)));
    }

    function _timelockId(Proposal memory p) internal view returns (bytes32) {
        return timelock.hashOperationBatch(p.targets, p.values, p.calldatas, 0, _salt(p));
    }

    function _salt(Proposal memory p) internal view returns (bytes32) {
        return bytes20(address(dao)) ^ keccak256(bytes(p.description));
    }

    /// From proposal to the queue.
    function _carry(Proposal memory p) internal returns (uint256 id) {
        id = _propose(proposer, p);
        _pass(VOTING_DELAY + 1);
        _vote(voter, id, FOR);
        _pass(VOTING_PERIOD);
        _queue(p);
    }

    function _requireState(uint256 id, IGovernor.ProposalState expected) internal view {
        assertEq(uint8(dao.state(id)), uint8(expected));
    }

    function _expectState(uint256 id, IGovernor.ProposalState current, uint256 allowed) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorUnexpectedProposalState.selector, id, current, bytes32(allowed))
        );
    }

    function _limits() internal view returns (IProtocolGovernor) {
        return IProtocolGovernor(address(dao));
    }
}

interface IGovernorTimelock {
    function timelock() external view returns (address);
}
